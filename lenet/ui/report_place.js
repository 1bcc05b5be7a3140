// A place for one report: it follows the value that Python sets.
const follow = () => props.value.network && choose(props.value.network);
watch("value", follow);
follow();
