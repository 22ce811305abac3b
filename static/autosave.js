// Saves the text of a note half a second after the last key, and goes on trying for as
// long as the page is open. The form does the saving, by htmx; this file decides when, and
// says in words what is true of the text on the screen.
const form = document.getElementById('note');
const textarea = document.getElementById('body');

const pause = 500; // after the last key
const patience = 5000; // for somebody who never stops typing
const firstRetry = 1000;
const lastRetry = 30_000;

let saved = textarea?.defaultValue; // the text as the server has it
let unsavedSince = null;
let inFlight = false;
let failures = 0;
let refused = null; // a text that the server will not take
let timer;

const isUnsaved = () => textarea !== null && textarea.value !== saved;
const isNew = () => form.hasAttribute('hx-post');
// Somebody else may be here now than the one who wrote the text.
const isSomeoneElses = () => document.getElementById('copy-text') !== null;
// That and a conflict are for a person to end; an empty new note is no note; and a text
// that was refused is sent again only when it has changed.
const mayWait = () => isSomeoneElses() || document.querySelector('.conflict') !== null
  || (isNew() && textarea.value.trim() === '')
  || textarea.value === refused;

function say(words) {
  const state = document.getElementById('state');
  state.removeAttribute('data-saved');
  if (state.textContent !== words) state.textContent = words;
}

// The server says when a text was saved, and the browser what the clock showed here.
function sayWhenSaved() {
  const time = document.querySelector('#state time');
  if (!time) return;
  const at = new Date(time.dateTime);
  const isToday = at.toDateString() === new Date().toDateString();
  time.textContent = isToday
    ? at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : at.toLocaleDateString([], { day: 'numeric', month: 'short', year: 'numeric' });
}

function schedule(delay) {
  clearTimeout(timer);
  timer = setTimeout(save, delay);
}

function save() {
  clearTimeout(timer);
  if (!inFlight && isUnsaved() && !mayWait()) form.requestSubmit();
}

function retry(why, seconds) {
  failures += 1;
  const wait = Math.max(Math.min(firstRetry * 2 ** (failures - 1), lastRetry), seconds * 1000 || 0);
  say(`Not saved: ${why}, trying again`);
  schedule(wait);
}

function whyNot(status) {
  if (status === 429) return 'too much at once';
  if (status === 503) return 'the storage does not answer';
  return 'the server has a fault';
}

if (textarea) {
  sayWhenSaved();
  textarea.addEventListener('input', () => {
    if (!isUnsaved()) {
      clearTimeout(timer);
      if (!inFlight) say('Saved');
      return;
    }
    unsavedSince ??= Date.now();
    if (failures > 0) return; // the retry takes it along
    if (!inFlight) say('Not saved yet');
    schedule(Math.max(0, Math.min(pause, unsavedSince + patience - Date.now())));
  });
  textarea.addEventListener('blur', () => { if (failures === 0) save(); });
  document.addEventListener('visibilitychange', () => { if (document.hidden) save(); });
  window.addEventListener('online', save);
  // Text that is not saved is asked about before the page goes away.
  window.addEventListener('beforeunload', (event) => { if (isUnsaved()) event.preventDefault(); });
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 's') {
      event.preventDefault();
      refused = null;
      save();
    }
  });
}

const isNote = (ctx) => ctx.sourceElement === form;

// A save goes out as the form is at that moment: with the version, the address and the
// text that the one before it left.
document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
  if (!isNote(ctx)) return;
  const put = form.getAttribute('hx-put');
  Object.assign(ctx.request, {
    method: put ? 'PUT' : 'POST',
    action: put ?? form.getAttribute('hx-post'),
    body: new URLSearchParams(new FormData(form, ctx.request.submitter)),
  });
  ctx.sentText = textarea.value;
  inFlight = true;
  clearTimeout(timer);
  say('Saving…');
});

document.addEventListener('htmx:after:request', (event) => {
  const { ctx } = event.detail;
  if (!isNote(ctx)) return;
  const { status, headers } = ctx.response;
  if (status === 429 || status >= 500) {
    event.preventDefault(); // what it says is for people, and is said in the state
    retry(whyNot(status), Number(headers.get('Retry-After')));
    return;
  }
  failures = 0;
  if (status !== 200) {
    refused = ctx.sentText;
    return;
  }
  saved = ctx.sentText;
  refused = null;
  // htmx's own history is off: it would answer Back within the page by replacing the text.
  const address = headers.get('HX-Replace-Url');
  if (address && address !== window.location.pathname) window.history.replaceState(null, '', address);
});

// No answer at all: the server is away, or the network is.
document.addEventListener('htmx:error', ({ detail: { ctx } }) => {
  if (ctx && isNote(ctx) && ctx.response === undefined) retry(navigator.onLine ? 'the server is away' : 'offline', 0);
});

document.addEventListener('htmx:finally:request', ({ detail: { ctx } }) => {
  if (!isNote(ctx)) return;
  inFlight = false;
  if (failures > 0) return;
  unsavedSince = isUnsaved() ? Date.now() : null;
  if (!isUnsaved()) {
    sayWhenSaved();
  } else if (mayWait()) {
    say('Not saved');
  } else {
    say('Not saved yet');
    schedule(pause);
  }
  offerToSave();
});

// What the server refused is sent again only when somebody says so, and so there has to be
// a button for it.
function offerToSave() {
  const isRefused = isSomeoneElses() || (refused !== null && textarea.value === refused);
  const isInvalid = document.getElementById('body-error') !== null;
  form.querySelector('button').classList.toggle('no-script', !isRefused || document.querySelector('.conflict') !== null);
  if (isInvalid) textarea.setAttribute('aria-invalid', 'true');
  else textarea.removeAttribute('aria-invalid');
}

// Other scripts save before they leave the page, and ask before they let it be replaced.
export { isUnsaved, save };
