// Leaves a process of the idle scheduling class SHARE (0 to 1) of the core that both are pinned to: `hog.mjs SHARE`. What is left comes in
// slices of a quarter of a millisecond: long enough for several requests, and at an eighth nobody waits longer than two milliseconds.
const share = Number(process.argv[2]);
const SLICE = 0.25;
const cell = new Int32Array(new SharedArrayBuffer(4));
const LONGEST = (SLICE / share) * 2;
let left = 0;
let begun = performance.now();
for (;;) {
  Atomics.wait(cell, 0, 0, SLICE);
  let now = performance.now();
  left += now - begun;
  begun = now;
  // What was left for longer than meant is made up for, within limits.
  const taken = Math.min((left * (1 - share)) / share, LONGEST);
  while (now - begun < taken) now = performance.now();
  left = Math.max(0, left - ((now - begun) * share) / (1 - share));
  begun = now;
}
