// Leaves a process of the idle scheduling class SHARE (0 to 1) of the core that both are pinned to: `hog.mjs SHARE`. What is left comes in
// slices of a quarter of a millisecond: long enough for several requests, and at an eighth nobody waits longer than two milliseconds.
const share = Number(process.argv[2]);
const SLICE = 0.25;
const cell = new Int32Array(new SharedArrayBuffer(4));
const LONGEST = (SLICE / share) * 2;
const start = performance.now();
// By what it really used, for while it means to run something else may: the hypervisor, or an interrupt.
const used = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const before = used();
for (;;) {
  Atomics.wait(cell, 0, 0, SLICE);
  const begun = performance.now();
  let now = begun;
  // What was left for longer than meant is made up for, a little each time.
  while (used() - before < (now - start) * (1 - share) && now - begun < LONGEST) now = performance.now();
}
