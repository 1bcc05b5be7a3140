// Lines over epochs, of one run or several, on a canvas: train/view.js calls `drawChart`, once a frame at most.
//
// Axes hold still: a chart's top only ever rises, and by whole steps, while the same runs are shown.

import { variable } from "./colours.js";
import { short } from "./format.js";

const DOT = 4; // pixels of a dot beside its place
const MARGIN = { left: 50, right: 14, top: 12, bottom: 38 };
const FAMILY = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const letters = () => Math.min(15, 0.75 * parseFloat(getComputedStyle(document.documentElement).fontSize)); // pixels that the margins have room for

// Round numbers, about `count` of them, from low to high.
export function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) found.push(i * step || 0); // not -0
  return found;
}

// The next round number above, for an axis that is to hold still.
export function roof(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value * 0.999);
}

// What an axis says at a tick, at most four letters or five: more would lie over the axis's name.
export function tickIn(value, high, decimals) {
  if (high < 1e4) return value.toFixed(decimals(value));
  return high < 1e12 || !value ? short(value) : value.toExponential(0).replace("+", "");
}

// Where a chart's numbers lie on its canvas.
export function frameOf({ clientWidth: wide, clientHeight: tall }, { low, high, epochs }) {
  const [left, right, top, bottom] = [MARGIN.left, wide - MARGIN.right, MARGIN.top, tall - MARGIN.bottom];
  return {
    wide, tall, left, right, top, bottom, low, high, epochs,
    x: (epoch) => left + ((right - left) * epoch) / epochs,
    y: (value) => bottom - ((bottom - top) * (Math.min(value, high) - low)) / (high - low), // what is below is cut off
  };
}

// A line [[epoch, value]] smoothed exponentially: each point is `weight` of the one before and the rest its own.  The
// first ones are means of what there is, so that the line does not begin at 0.
export function smooth(points, weight) {
  let [sum, share] = [0, 0];
  return points.map(([epoch, value]) => {
    sum = weight * sum + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return [epoch, sum / share];
  });
}

// runs: [{colour, raw: lines to show faintly behind, train: [[epoch, value]], val: [[epoch, value]], best: [epoch, value] or null, chosen}]
// axes: {low, high, epochs, xName, yName, decimals}; pointed: an epoch, or null.
export function drawChart(canvas, runs, axes, pointed) {
  const frame = frameOf(canvas, axes);
  if (!frame.wide) return frame; // not in view
  const dots = Math.max(1, devicePixelRatio);
  const [wide, tall] = [Math.round(frame.wide * dots), Math.round(frame.tall * dots)];
  if (canvas.width !== wide || canvas.height !== tall) [canvas.width, canvas.height] = [wide, tall];
  const pen = canvas.getContext("2d");
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  pen.clearRect(0, 0, frame.wide, frame.tall);
  drawAxes(pen, frame, axes);
  pen.save();
  pen.beginPath();
  pen.rect(frame.left, frame.top - DOT, frame.right - frame.left + DOT, frame.bottom - frame.top + DOT + 2); // with whole dots
  pen.clip();
  const order = [...runs].sort((a, b) => a.chosen - b.chosen); // the chosen one on top
  for (const { colour, raw } of order) for (const line of raw) drawLine(pen, frame, line, colour, 1, 0.22);
  for (const { colour, train, chosen } of order) drawLine(pen, frame, train, colour, 1, chosen ? 0.6 : 0.3);
  for (const { colour, val, chosen } of order) {
    drawLine(pen, frame, val, colour, chosen ? 2.5 : 2, chosen ? 1 : 0.75);
    if (val.length < 40) val.forEach((point) => drawDot(pen, frame, point, colour, chosen ? 3 : 2.2));
  }
  pen.restore();
  for (const { colour, best, chosen } of order) if (best && best[1] >= axes.low) drawBest(pen, frame, best, colour, chosen);
  if (pointed !== null) drawPointed(pen, frame, pointed);
  return frame;
}

function drawAxes(pen, frame, { xName, yName, decimals }) {
  pen.font = `${letters()}px ${FAMILY}`;
  pen.fillStyle = variable("chart-text");
  pen.strokeStyle = variable("chart-grid");
  pen.lineWidth = 1;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const value of ticks(frame.low, frame.high, 5)) {
    const y = Math.round(frame.y(value)) + 0.5;
    pen.beginPath();
    pen.moveTo(frame.left, y);
    pen.lineTo(frame.right, y);
    pen.stroke();
    pen.fillText(tickIn(value, frame.high, decimals), frame.left - 7, y);
  }
  pen.textAlign = "center";
  pen.textBaseline = "top";
  const whole = ticks(0, frame.epochs, Math.max(2, Math.min(8, (frame.right - frame.left) / 55)));
  for (const epoch of whole.filter(Number.isInteger)) {
    const said = epoch.toLocaleString("en");
    const room = frame.wide - pen.measureText(said).width / 2; // the last one may be wider than the margin
    pen.fillText(said, Math.min(frame.x(epoch), room), frame.bottom + 6);
  }
  pen.fillText(xName, (frame.left + frame.right) / 2, frame.bottom + 22);
  pen.save();
  pen.translate(10, (frame.top + frame.bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.textBaseline = "middle";
  pen.fillText(yName, 0, 0);
  pen.restore();
}

function drawLine(pen, frame, points, colour, width, alpha) {
  if (points.length < 2) return;
  pen.globalAlpha = alpha;
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.lineJoin = pen.lineCap = "round";
  pen.beginPath();
  points.forEach(([epoch, value], i) => (i ? pen.lineTo(frame.x(epoch), frame.y(value)) : pen.moveTo(frame.x(epoch), frame.y(value))));
  pen.stroke();
  pen.globalAlpha = 1;
}

function drawDot(pen, frame, [epoch, value], colour, radius) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(frame.x(epoch), frame.y(value), radius, 0, 7);
  pen.fill();
}

// A ring, so that it differs from a dot by more than its colour.
function drawBest(pen, frame, [epoch, value], colour, chosen) {
  pen.strokeStyle = colour;
  pen.lineWidth = chosen ? 2.5 : 1.5;
  pen.beginPath();
  pen.arc(frame.x(epoch), frame.y(value), chosen ? 7 : 5.5, 0, 7);
  pen.stroke();
}

function drawPointed(pen, frame, epoch) {
  const x = Math.round(frame.x(epoch)) + 0.5;
  pen.strokeStyle = variable("chart-pointed");
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(x, frame.top);
  pen.lineTo(x, frame.bottom);
  pen.stroke();
}

// Of points [epoch, ...] the one nearest to `epoch`; null of none.
export function nearest(points, epoch) {
  let best = null;
  for (const point of points) if (!best || Math.abs(point[0] - epoch) < Math.abs(best[0] - epoch)) best = point;
  return best;
}

// A line that the page knows, and what the server tells of it: its points after the first `from`, or where `from`
// is 0 all, of which each is `merged` of the run's.
export function joinLine(old, { merged, first, points }) {
  if (!first) return { merged, points };
  return { merged, points: [...old.points.slice(0, first), ...points] };
}
