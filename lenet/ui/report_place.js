// A place for one report: it follows its value, which train.js gives it, and is empty where that names no network.
function follow() {
  const renamed = props.value.network === network && about.querySelector("h2");
  if (renamed) return (renamed.textContent = props.value.title);
  network = props.value.network;
  if (network) return choose(network);
  chosen += 1;
  asked += 1;
  about.innerHTML = "";
  about.setAttribute("aria-busy", "false");
}

watch("value", follow);
follow();
