// What htmx leaves to the page. Everything works without this file.
'use strict';

const byID = (id) => document.getElementById(id);
const isNote = (ctx) => ctx.sourceElement.matches('#note');

// savedText is the text as the server has it.
const textarea = byID('body');
let savedText = textarea?.defaultValue;
const isUnsaved = () => textarea && textarea.value !== savedText;

// htmx focuses what has autofocus after each swap; here that is for the first paint only.
textarea?.removeAttribute('autofocus');

// The state says what is true of the words on the screen.
textarea?.addEventListener('input', () => {
  const state = document.querySelector('#note .state');
  state.classList.toggle('saved', !isUnsaved());
  state.textContent = isUnsaved() ? 'Not saved yet' : 'Saved';
});

// A save that waited for another one goes out as the form is now: with the version, the
// address and the text that the other one left.
document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
  if (!isNote(ctx)) return;
  const form = ctx.sourceElement;
  const put = form.getAttribute('hx-put');
  Object.assign(ctx.request, {
    method: put ? 'PUT' : 'POST',
    action: put ?? form.getAttribute('hx-post'),
    body: new URLSearchParams(new FormData(form, ctx.request.submitter)),
  });
  ctx.sentText = textarea.value;
});
document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
  if (!isNote(ctx) || ctx.response.status !== 200) return;
  savedText = ctx.sentText;
  // htmx's own history is off: it would answer Back within the page by replacing the text.
  const address = ctx.response.headers.get('HX-Replace-Url');
  if (address) window.history.replaceState(null, '', address);
});

// Removing a profile removes the button that had the focus.
let hadFocus = false;
document.addEventListener('htmx:before:swap', () => { hadFocus = document.activeElement !== document.body; });
document.addEventListener('htmx:after:swap', () => {
  if (hadFocus && document.activeElement === document.body) document.querySelector('#profiles .dashed')?.focus();
});

// A request that got no answer at all: the server is away, or the network is.
document.addEventListener('htmx:error', () => {
  const bar = document.createElement('div');
  bar.className = 'notice notice-error';
  bar.append(Object.assign(document.createElement('p'), {
    textContent: 'The server could not be reached, so this was not saved. What you typed is still here: please try again in a moment.',
  }));
  byID('notice')?.replaceChildren(bar);
});

// Text that is not saved is asked about before the page goes away.
window.addEventListener('beforeunload', (event) => {
  if (isUnsaved()) event.preventDefault();
});

document.addEventListener('keydown', (event) => {
  // Ctrl+S and ⌘S save the note.
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 's') {
    event.preventDefault();
    byID('note')?.requestSubmit();
  }
  // The palette searches while one types; Enter has nothing to add, and would save.
  if (event.key === 'Enter' && event.target.matches('.palette input[type=search]')) event.preventDefault();
});

// A page that the browser had kept for Back may be out of date, or of before a sign-out.
window.addEventListener('pageshow', (event) => {
  if (event.persisted && !isUnsaved()) window.location.reload();
});
