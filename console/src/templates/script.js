// Pages work without this. With it, forms say while one types what the API would say to them, and lists that do not count are hidden.
'use strict';

const PAUSE = 400;

const paragraph = (text) => {
  const element = document.createElement('p');
  element.className = 'problem';
  element.textContent = text;
  return element;
};

// Without an answer nothing is said: what was said before is about something else.
function show(form, told) {
  const live = form.querySelector('[data-live]');
  live.replaceChildren();
  for (const place of form.querySelectorAll('[data-faults]')) place.replaceChildren();
  for (const { field, target, message } of told?.details ?? []) {
    const place = [...form.querySelectorAll('[data-faults]')].find((element) => element.dataset.faults === field);
    (place ?? live).append(paragraph(place || !target ? message : `${target}: ${message}`));
  }
  for (const place of form.querySelectorAll('[data-faults]')) {
    for (const field of form.querySelectorAll(`:is(input, textarea)[aria-describedby~="${CSS.escape(place.id)}"]`)) {
      if (place.childElementCount) field.setAttribute('aria-invalid', 'true');
      else field.removeAttribute('aria-invalid');
    }
  }
  if (!told) return;
  const words = {
    good: live.dataset.good, 'lock-out': live.dataset.lockOut, 'changed-meanwhile': live.dataset.changed,
    'sign-in-again': live.dataset.again,
  };
  const summary = paragraph(words[told.kind] ?? told.message ?? live.dataset.bad);
  if (told.kind === 'good') summary.className = 'good';
  if (told.kind === 'sign-in-again') summary.className = 'quiet';
  live.prepend(summary);
  for (const advisory of told.advisories ?? []) live.append(paragraph(advisory));
  const confirm = form.querySelector('[data-confirm]');
  if (confirm && told.kind === 'lock-out') confirm.hidden = false;
}

for (const form of document.querySelectorAll('form[data-check]')) {
  let waiting;
  let asked = 0;
  form.addEventListener('input', (event) => {
    const confirm = form.querySelector('[data-confirm]');
    const box = confirm?.querySelector('input');
    // Ticking it changes nothing of what is asked; anything else may shut out somebody else.
    if (event.target === box) return;
    if (box) box.checked = false;
    if (confirm) confirm.hidden = true;
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      asked += 1;
      const own = asked;
      let told = null;
      const fields = new URLSearchParams(new FormData(form));
      fields.set('checks', form.getAttribute('action'));
      // Whoever it shuts out is to be told while one still thinks about it.
      fields.delete('confirm-lock-out');
      try {
        const answer = await fetch('/console/check', { method: 'POST', body: fields, headers: { Accept: 'application/json' } });
        if (answer.ok) told = await answer.json();
        else if (answer.status === 401) told = { kind: 'sign-in-again', details: [] };
      } catch {
        // Whoever sends the form is told.
      }
      // An answer that was overtaken by another says nothing about what stands there now.
      if (own === asked) show(form, told);
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
    if (!progress || !page.querySelector('[data-under-way]')) {
      // With the place within the page in its address nothing would be loaded.
      location.replace(location.pathname + location.search);
      return;
    }
    document.querySelector('[data-progress]').textContent = progress.textContent;
    setTimeout(lookAgain, PATIENCE);
  } catch {
    // There is a link to look again.
  }
}
if (document.querySelector('[data-under-way]')) setTimeout(lookAgain, PATIENCE);

// What was sent is not sent once more by another click, unless it seems that nothing comes of it. No button is disabled: what the one
// that was clicked says is part of the form, which is read after this.
const AGAIN = 10000;
const sent = new WeakMap();
for (const form of document.querySelectorAll('form[method=post]')) {
  form.addEventListener('submit', (event) => {
    if (performance.now() - (sent.get(form) ?? -Infinity) < AGAIN) {
      event.preventDefault();
      return;
    }
    sent.set(form, performance.now());
    form.setAttribute('aria-busy', 'true');
  });
}
// Whoever comes back to a page may send it anew.
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[aria-busy]')) {
    sent.delete(form);
    form.removeAttribute('aria-busy');
  }
});
