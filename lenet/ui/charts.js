// Lines over epochs, of one run or several, on a canvas.  The start of a function body with `element`, which
// goes on in train.js: there `drawChart` is called, once a frame at most.
//
// Axes hold still: a chart's top only ever rises, and by whole steps, while the same runs are shown.

const dark = () => document.body.classList.contains("dark");
const PALETTE = {
  light: ["#d6481f", "#1c62b4", "#1e8a4c", "#8a4fc7", "#b07a00", "#0d8a94", "#c2337f", "#5b6575"],
  dark: ["#ff7a4d", "#5ca4ff", "#4ccf86", "#c195ff", "#f2c14b", "#3fc9d4", "#ff85be", "#aab4c4"],
};
const colourOf = (run) => PALETTE[dark() ? "dark" : "light"][run.colour % PALETTE.light.length];

const MARGIN = { left: 50, right: 14, top: 12, bottom: 38 };
const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

// Round numbers, about `count` of them, from low to high.
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) found.push(i * step || 0); // not -0
  return found;
}

// The next round number above, for an axis that is to hold still.
function roof(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value * 0.999);
}

// Where a chart's numbers lie on its canvas.
function frameOf(canvas, { low, high, epochs }) {
  const [wide, tall] = [canvas.clientWidth, canvas.clientHeight];
  const [left, right, top, bottom] = [MARGIN.left, wide - MARGIN.right, MARGIN.top, tall - MARGIN.bottom];
  return {
    wide, tall, left, right, top, bottom, low, high, epochs,
    x: (epoch) => left + ((right - left) * epoch) / epochs,
    y: (value) => bottom - ((bottom - top) * (Math.min(value, high) - low)) / (high - low), // what is below is cut off
  };
}

// runs: [{run, train: [[epoch, value]], val: [[epoch, value]], best: [epoch, value] or null, chosen}]
// axes: {low, high, epochs, xName, yName, decimals}; pointed: an epoch, or null.
function drawChart(canvas, runs, axes, pointed) {
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
  pen.rect(frame.left, frame.top - 2, frame.right - frame.left + 2, frame.bottom - frame.top + 4);
  pen.clip();
  const order = [...runs].sort((a, b) => a.chosen - b.chosen); // the chosen one on top
  for (const { run, train, chosen } of order) drawLine(pen, frame, train, colourOf(run), 1, chosen ? 0.6 : 0.3);
  for (const { run, val, chosen } of order) {
    drawLine(pen, frame, val, colourOf(run), chosen ? 2.5 : 2, chosen ? 1 : 0.75);
    if (val.length < 40) val.forEach((point) => drawDot(pen, frame, point, colourOf(run), chosen ? 3 : 2.2));
  }
  pen.restore();
  for (const { run, best, chosen } of order) if (best && best[1] >= axes.low) drawBest(pen, frame, best, colourOf(run), chosen);
  if (pointed !== null) drawPointed(pen, frame, pointed);
  return frame;
}

function drawAxes(pen, frame, { xName, yName, decimals }) {
  const ink = dark() ? "#a3aec0" : "#5b6575";
  const grid = dark() ? "rgb(255 255 255 / 9%)" : "rgb(15 23 42 / 9%)";
  pen.font = FONT;
  pen.fillStyle = ink;
  pen.strokeStyle = grid;
  pen.lineWidth = 1;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const value of ticks(frame.low, frame.high, 5)) {
    const y = Math.round(frame.y(value)) + 0.5;
    pen.beginPath();
    pen.moveTo(frame.left, y);
    pen.lineTo(frame.right, y);
    pen.stroke();
    pen.fillText(value.toFixed(decimals(value)), frame.left - 7, y);
  }
  pen.textAlign = "center";
  pen.textBaseline = "top";
  const whole = ticks(0, frame.epochs, Math.max(2, Math.min(8, (frame.right - frame.left) / 55)));
  for (const epoch of whole) if (Number.isInteger(epoch)) pen.fillText(epoch.toLocaleString("en"), frame.x(epoch), frame.bottom + 6);
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
  pen.strokeStyle = dark() ? "#64748b" : "#94a3b8";
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(x, frame.top);
  pen.lineTo(x, frame.bottom);
  pen.stroke();
}
