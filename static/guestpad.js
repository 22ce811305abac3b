// What htmx leaves to the page. Everything works without this file.
import { isUnsaved } from './autosave.js';

// htmx focuses what has autofocus after each swap; here that is for the first paint only.
document.getElementById('body')?.removeAttribute('autofocus');

// An answer may replace the button that had the focus, such as Publish or Remove. The
// focus goes to what stands nearest and stays.
let nearest = null;
document.addEventListener('htmx:before:swap', () => {
  const focused = document.activeElement;
  nearest = focused.closest('details.menu')?.querySelector('summary')
    ?? (focused === document.body ? null : document.querySelector('#profiles .dashed'));
});
document.addEventListener('htmx:after:swap', () => {
  if (document.activeElement === document.body && nearest?.isConnected) nearest.focus();
});

// A request that got no answer at all: the server is away, or the network is. The note and
// its preview say so themselves.
document.addEventListener('htmx:error', ({ detail: { ctx } }) => {
  if (ctx?.sourceElement?.matches('#note, #preview')) return;
  const bar = document.createElement('div');
  bar.className = 'notice notice-error';
  bar.append(Object.assign(document.createElement('p'), {
    textContent: 'The server could not be reached, so this was not saved. What you typed is still here: please try again in a moment.',
  }));
  document.getElementById('notice')?.replaceChildren(bar);
});

// The palette searches while one types; Enter has nothing to add, and would save.
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && event.target.matches('.palette input[type=search]')) event.preventDefault();
});

// The text of a tab whose viewer is gone can be taken along. Without https there is no
// clipboard but the old one.
document.addEventListener('click', async ({ target }) => {
  if (target.id !== 'copy-text') return;
  const text = document.getElementById('body');
  try {
    await navigator.clipboard.writeText(text.value);
  } catch {
    text.select();
    document.execCommand('copy');
  }
  target.textContent = 'Copied';
});

// A page that the browser had kept for Back may be out of date, or of before a sign-out.
window.addEventListener('pageshow', (event) => {
  if (event.persisted && !isUnsaved()) window.location.reload();
});
