// Many of the programs beside it in one process, which loads what they import once: a provider takes half a second to load, and
// there are hundreds of them in a test run.
//
// Control calls: `/control/start`, `/control/stop`.
import { control, host, ready } from './lib/loopback.mjs';

const programs = new Map();
let numbered = 0;

async function start({ script }) {
  numbered += 1;
  const number = numbered;
  const program = await host(new URL(`./${script}?program=${number}`, import.meta.url));
  programs.set(number, program);
  return { program: number, ready: program.ready };
}

function stop({ program }) {
  programs.get(program)?.stop();
  programs.delete(program);
}

ready({
  control: await control({
    // {script}: a program of this folder. Answers the line that it comes up with.
    '/control/start': start,
    // {program}: as start answered. Nothing answers at its addresses any more.
    '/control/stop': stop,
  }),
});
