// A place for one report: it follows the value that Python sets, and is empty where that names no network.
function follow() {
  if (props.value.network) return choose(props.value.network);
  network = "";
  chosen += 1;
  asked += 1;
  about.innerHTML = "";
}

watch("value", follow);
follow();
