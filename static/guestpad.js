// What htmx leaves to the page. Everything works without this file.
'use strict';

// Ctrl+S and ⌘S save the note.
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key === 's') {
    event.preventDefault();
    document.getElementById('note')?.requestSubmit();
  }
});

// A request that got no answer at all: the server is away, or the network is.
document.addEventListener('htmx:error', () => {
  const notice = document.getElementById('notice');
  if (!notice) return;
  const bar = document.createElement('div');
  bar.className = 'notice notice-error';
  bar.setAttribute('role', 'alert');
  bar.append(Object.assign(document.createElement('p'), {
    textContent: 'The server could not be reached, so this was not saved. What you typed is still here: please try again in a moment.',
  }));
  notice.replaceChildren(bar);
});

// Text that is typed and not saved is asked about before the page goes away. What the
// server wrote into the field is its defaultValue.
let savedText;
const textOf = () => document.getElementById('body');
document.addEventListener('htmx:before:request', (event) => {
  if (event.detail.ctx.sourceElement.matches('#note')) event.detail.ctx.sentText = textOf().value;
});
document.addEventListener('htmx:after:swap', (event) => {
  const { sentText, response } = event.detail.ctx;
  if (sentText !== undefined && response.status === 200) savedText = sentText;
});
let isLeavingByForm = false;
document.addEventListener('submit', () => { isLeavingByForm = true; setTimeout(() => { isLeavingByForm = false; }); });
window.addEventListener('beforeunload', (event) => {
  const text = textOf();
  if (text && !isLeavingByForm && text.value !== (savedText ?? text.defaultValue)) event.preventDefault();
});

// Over https and on loopback the answer to signing out empties what the browser keeps for
// Back (Clear-Site-Data). Elsewhere browsers ignore that.
window.addEventListener('pageshow', (event) => {
  if (event.persisted && !window.isSecureContext) window.location.reload();
});
