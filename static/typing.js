// Helps with typing Markdown: shortcuts, lists, the preview beside the text. All of it can
// be done without. What changes the text can be undone with the browser's own undo, except
// for a task that is ticked while the text is hidden.
const textarea = document.getElementById('body');
const panes = document.querySelector('.panes');
const preview = document.getElementById('preview');

// replace types over a part of the text. The browser's own command, deprecated as it is,
// is the only way that keeps its undo.
function replace(start, end, text) {
  textarea.focus();
  textarea.setSelectionRange(start, end);
  document.execCommand(text === '' ? 'delete' : 'insertText', false, text);
}

function lineAt(place) {
  const start = textarea.value.lastIndexOf('\n', place - 1) + 1;
  const end = textarea.value.indexOf('\n', start);
  return { start, end: end < 0 ? textarea.value.length : end };
}

// Lists

const item = /^(\s*)([-*+]|\d{1,9}[.)])(\s+)(\[[ xX]\]\s+)?/;

// nextItem goes on with a list, or ends it at an empty item.
function nextItem(event) {
  const { selectionStart: at, selectionEnd, value } = textarea;
  if (at !== selectionEnd || event.isComposing || event.shiftKey) return;
  const line = lineAt(at);
  const found = item.exec(value.slice(line.start, line.end));
  if (!found || at < line.start + found[0].length) return;
  event.preventDefault();
  if (line.start + found[0].length === line.end) {
    replace(line.start, line.end, '');
    return;
  }
  const [, indent, marker, space, box] = found;
  const next = marker.replace(/\d+/, (n) => String(Number(n) + 1));
  replace(at, at, `\n${indent}${next}${space}${box ? '[ ] ' : ''}`);
}

// indent moves the items of the selection in or out. Elsewhere Tab leaves the text, as it
// does after Escape.
let leaves = false;
function indent(event) {
  const { selectionStart, selectionEnd, value } = textarea;
  const first = lineAt(selectionStart);
  const { end } = lineAt(selectionEnd);
  const lines = value.slice(first.start, end).split('\n');
  if (leaves || !item.test(lines[0])) return;
  event.preventDefault();
  const moved = lines.map((line) => (event.shiftKey ? line.replace(/^( {1,2}|\t)/, '') : `  ${line}`));
  if (moved.join() === lines.join()) return;
  replace(first.start, end, moved.join('\n'));
  const shift = moved[0].length - lines[0].length;
  const total = moved.join('\n').length - lines.join('\n').length;
  textarea.setSelectionRange(Math.max(first.start, selectionStart + shift), Math.max(first.start, selectionEnd + total));
}

textarea?.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey && !event.altKey) nextItem(event);
  if (event.key === 'Tab') indent(event);
  leaves = event.key === 'Escape' || (leaves && ['Tab', 'Shift'].includes(event.key));
});

// Shortcuts: those that the toolbar's buttons name.

const codes = { Period: 'Period', 7: 'Digit7', 8: 'Digit8' };
const shortcuts = [...document.querySelectorAll('.toolbar [aria-keyshortcuts]')].map((button) => {
  const keys = button.getAttribute('aria-keyshortcuts').split('+');
  const key = keys.pop();
  return { button, shift: keys.includes('Shift'), code: codes[key] ?? `Key${key}` };
});

textarea?.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const shortcut = shortcuts.find(({ shift, code }) => shift === event.shiftKey && code === event.code);
  if (!shortcut) return;
  event.preventDefault();
  shortcut.button.click();
});

document.addEventListener('keydown', (event) => {
  if (event.altKey && !event.ctrlKey && !event.metaKey && event.code === 'KeyN') {
    event.preventDefault();
    document.querySelector('[name=then][value=new]')?.click();
  }
  const types = event.target.matches('input, textarea, select, [contenteditable]');
  if (event.key === '?' && !types && !event.ctrlKey && !event.metaKey) document.getElementById('help')?.showModal();
});

// The preview

const isShown = () => preview.offsetParent !== null;
let previewed = null;
let timer;

function refresh() {
  clearTimeout(timer);
  if (!isShown() || previewed === textarea.value) return;
  previewed = textarea.value;
  preview.dispatchEvent(new CustomEvent('refresh'));
}

function show(what) {
  panes.dataset.show = what;
  for (const button of document.querySelectorAll('.segmented [data-show]')) {
    button.setAttribute('aria-pressed', String(button.dataset.show === what));
  }
  refresh();
  if (what === 'write') textarea.focus();
}

if (panes) {
  for (const button of document.querySelectorAll('.segmented [data-show]')) {
    button.addEventListener('click', (event) => { event.preventDefault(); show(button.dataset.show); });
  }
  textarea.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(refresh, 300); });
  window.addEventListener('resize', refresh);
  // A preview that could not be fetched is asked for again.
  document.addEventListener('htmx:error', ({ detail: { ctx } }) => {
    if (ctx?.sourceElement !== preview) return;
    previewed = null;
    timer = setTimeout(refresh, 3000);
  });
  // htmx gets ready in a timeout of its own, which was set before this one.
  setTimeout(refresh);
}

// A box that somebody has ticked no longer follows its attribute.
document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
  if (ctx.sourceElement !== preview) return;
  for (const box of preview.querySelectorAll('[data-line]')) box.checked = box.hasAttribute('checked');
});

// A task that is ticked in the preview is ticked in the text.
preview?.addEventListener('change', ({ target }) => {
  if (!target.matches('[data-line]')) return;
  let start = 0;
  for (let line = Number(target.dataset.line); line > 0; line -= 1) start = textarea.value.indexOf('\n', start) + 1;
  const { end } = lineAt(start);
  const box = /\[[ xX]\]/.exec(textarea.value.slice(start, end));
  previewed = null; // the tick has changed the preview, and undo may come before the next one
  if (!box) return;
  const { scrollTop, selectionStart, selectionEnd } = textarea;
  const wasHidden = textarea.offsetParent === null;
  if (wasHidden) {
    // A hidden field takes no typing.
    textarea.setRangeText(target.checked ? 'x' : ' ', start + box.index + 1, start + box.index + 2);
    textarea.dispatchEvent(new Event('input', { bubbles: true }));
    return;
  }
  replace(start + box.index + 1, start + box.index + 2, target.checked ? 'x' : ' ');
  textarea.setSelectionRange(selectionStart, selectionEnd);
  textarea.scrollTop = scrollTop;
  target.focus();
});

// A menu closes when somebody goes elsewhere.
document.addEventListener('click', ({ target }) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (!menu.contains(target)) menu.open = false;
  }
});
document.addEventListener('keydown', (event) => {
  const menu = event.key === 'Escape' && document.activeElement.closest('details.menu[open]');
  if (!menu) return;
  menu.open = false;
  menu.querySelector('summary').focus();
});
