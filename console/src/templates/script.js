// Pages work without this. With it, forms say while one types what the API would say to them, and lists that do not count are hidden.
'use strict';

const PAUSE = 400;

const paragraph = (text) => {
  const element = document.createElement('p');
  element.className = 'problem';
  element.textContent = text;
  return element;
};

function show(form, told) {
  const live = form.querySelector('[data-live]');
  live.replaceChildren();
  for (const place of form.querySelectorAll('[data-faults]')) place.replaceChildren();
  for (const { field, target, message } of told.details) {
    const place = [...form.querySelectorAll('[data-faults]')].find((element) => element.dataset.faults === field);
    (place ?? live).append(paragraph(place || !target ? message : `${target}: ${message}`));
  }
  const words = {
    good: live.dataset.good, 'lock-out': live.dataset.lockOut, 'changed-meanwhile': live.dataset.changed,
  };
  const summary = paragraph(words[told.kind] ?? told.message ?? live.dataset.bad);
  if (told.kind === 'good') summary.className = 'good';
  live.prepend(summary);
  for (const advisory of told.advisories ?? []) live.append(paragraph(advisory));
  const confirm = form.querySelector('[data-confirm]');
  if (confirm && told.kind === 'lock-out') confirm.hidden = false;
}

for (const form of document.querySelectorAll('form[data-check]')) {
  let waiting;
  let asked = 0;
  form.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      asked += 1;
      const own = asked;
      const fields = new URLSearchParams(new FormData(form));
      fields.set('checks', form.getAttribute('action'));
      try {
        const answer = await fetch('/console/check', { method: 'POST', body: fields, headers: { Accept: 'application/json' } });
        // An answer that was overtaken by another says nothing about what stands there now.
        if (answer.ok && own === asked) show(form, await answer.json());
      } catch {
        // Whoever sends the form is told.
      }
    }, PAUSE);
  });
}

const chosen = (name) => document.querySelector(`input[name="${CSS.escape(name)}"]:checked`)?.value;
const arrange = () => {
  for (const lists of document.querySelectorAll('[data-list]')) {
    const value = chosen(lists.dataset.list);
    lists.hidden = lists.dataset.not ? value === lists.dataset.not : value !== 'select';
  }
  for (const parts of document.querySelectorAll('[data-of]')) parts.hidden = chosen(parts.dataset.of) === 'inherit';
};
document.addEventListener('change', arrange);
arrange();

// What is under way is looked at again: how far it is, and the page anew once it is over.
const PATIENCE = 1500;
async function lookAgain() {
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const progress = page.querySelector('[data-progress]');
    if (!progress || !page.querySelector('[data-again]')) {
      location.replace(location.href);
      return;
    }
    document.querySelector('[data-progress]').textContent = progress.textContent;
    setTimeout(lookAgain, PATIENCE);
  } catch {
    // There is a link to look again.
  }
}
if (document.querySelector('[data-again]')) setTimeout(lookAgain, PATIENCE);

for (const button of document.querySelectorAll('form[method=post]')) {
  button.addEventListener('submit', () => { button.setAttribute('aria-busy', 'true'); });
}
