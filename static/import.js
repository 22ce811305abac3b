// Takes files that are dropped, pasted or chosen, and shows how far they are. Without this
// file there is the form of the import page.
const status = document.getElementById('import-status');
const part = (name) => document.getElementById(`import-${name}`);

// One request carries so many files or bytes: so the bar moves, and no answer is long.
const filesAtOnce = 100;
const bytesAtOnce = 8 * 2 ** 20;
// What the server would refuse for its size is named to it, and stays here.
const largestText = 2 ** 20;
const largestZip = 32 * 2 ** 20;
// How often a server that is busy is asked again.
const patience = 5;

const extension = (file) => /\.[^.]*$/.exec(file.name)?.[0].toLowerCase();
const isZip = (file) => extension(file) === '.zip';
const isText = (file) => ['.md', '.markdown', '.txt'].includes(extension(file));
const isTooLarge = (file) => (isZip(file) && file.size > largestZip) || (isText(file) && file.size > largestText);
const isSent = (file) => (isZip(file) || isText(file)) && !isTooLarge(file);
// weight is what a file adds to the bar.
const weight = (file) => (isSent(file) ? file.size : 0) + 1;

// What is under way: batches of files, and the weight of all and of those that are sent.
const job = { left: [], total: 0, sent: 0, isRunning: false };

// batches parts files. The last ones come first, because the list of notes shows on top
// what came in last.
function batches(files) {
  const all = [];
  const key = crypto.getRandomValues(new Uint32Array(4)).join('-');
  for (const file of [...files].reverse()) {
    let batch = all.at(-1);
    if (!batch || batch.files.length === filesAtOnce || batch.weight + weight(file) > bytesAtOnce) {
      batch = { files: [], weight: 0, key: `${key}-${all.length}` };
      all.push(batch);
    }
    batch.files.unshift(file);
    batch.weight += weight(file);
  }
  return all;
}

// formOf names all files of a batch, so that the server can say of each why it is not
// taken, and holds those that might be.
function formOf(batch) {
  const form = new FormData();
  const counts = part('count')?.dataset;
  form.append('key', batch.key);
  form.append('came', counts?.came ?? 0);
  form.append('refused', counts?.refused ?? 0);
  for (const file of batch.files) {
    if (isTooLarge(file)) form.append('too_large', file.name);
    else form.append('files', isSent(file) ? file : new Blob(), file.name);
  }
  return form;
}

// send is an XMLHttpRequest because fetch does not tell how much of an upload is gone.
const send = (batch) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  request.open('POST', '/import');
  request.setRequestHeader('HX-Request', 'true');
  request.upload.addEventListener('progress', ({ loaded, total }) => {
    part('progress').value = (job.sent + (loaded / total) * batch.weight) / job.total;
  });
  request.addEventListener('load', () => resolve(request));
  request.addEventListener('error', () => reject(new Error('no answer')));
  request.send(formOf(batch));
});

// sendPatiently asks a busy server again: sending a batch twice is harmless.
async function sendPatiently(batch) {
  for (let tries = 1; ; tries += 1) {
    const answer = await send(batch);
    const seconds = Number(answer.getResponseHeader('Retry-After'));
    if (![429, 503].includes(answer.status) || tries === patience) return answer;
    part('now').textContent = 'The server is busy. Your files are sent again in a moment.';
    await new Promise((resolve) => { setTimeout(resolve, Math.max(1, seconds) * 1000); });
  }
}

// take sends a batch, and throws what is to be said if it does not come in.
async function take(batch) {
  const answer = await sendPatiently(batch).catch(() => {
    throw new Error('A file could not be read, or the server could not be reached. Your files are as they were.');
  });
  if (answer.status !== 200 && answer.status !== 422) {
    const page = new DOMParser().parseFromString(answer.responseText, 'text/html');
    throw new Error(page.querySelector('.notice p')?.textContent.trim() ?? 'The server has a fault. Your files are as they were.');
  }
  await window.htmx.swap({ sourceElement: status, text: answer.responseText, swap: 'none' });
}

// run sends what is left. Where it has to stop, it can be made to go on.
async function run() {
  job.isRunning = true;
  part('again').hidden = true;
  part('close').hidden = true;
  part('progress').hidden = false;
  part('now').classList.remove('error');
  try {
    while (job.left.length > 0) {
      part('now').textContent = 'Sending your files…';
      await take(job.left[0]);
      job.sent += job.left.shift().weight;
      part('progress').value = job.sent / job.total;
    }
    part('now').textContent = '';
    part('progress').hidden = true;
  } catch (problem) {
    part('now').classList.add('error');
    part('now').textContent = `${problem.message} Not all of them came in.`;
    part('again').hidden = false;
  }
  part('close').hidden = false;
  job.isRunning = false;
  // The list of notes asks for itself when its search is told that it has changed.
  document.querySelector('search input')?.dispatchEvent(new Event('search', { bubbles: true }));
}

// start sends files, after those that are under way.
function start(files) {
  if (files.length === 0) return;
  if (job.left.length === 0) {
    Object.assign(job, { total: 0, sent: 0 });
    for (const name of ['summary', 'refused', 'came']) part(name).replaceChildren();
    part('progress').value = 0;
  }
  job.left.push(...batches(files));
  job.total += files.reduce((sum, file) => sum + weight(file), 0);
  status.hidden = false;
  if (!job.isRunning) run();
}

// filesIn finds the files of a folder, but for those that people do not see there.
async function filesIn(entry) {
  if (entry.name.startsWith('.') || entry.name === '__MACOSX') return [];
  if (entry.isFile) return [await new Promise((resolve, reject) => { entry.file(resolve, reject); })];
  const reader = entry.createReader();
  const entries = [];
  for (let some = null; some === null || some.length > 0;) {
    some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    entries.push(...some);
  }
  entries.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  return (await Promise.all(entries.map(filesIn))).flat();
}

async function filesOf(transfer) {
  const files = [...transfer.files];
  // The entries are gone as soon as this waits.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return files;
  return (await Promise.all(entries.map(filesIn))).flat();
}

// A picture that is dragged out of a page comes as a file too, beside what it is there.
const carriesFiles = ({ types }) => types.includes('Files') && !types.includes('text/html');

if (status) {
  document.addEventListener('dragover', (event) => {
    if (!carriesFiles(event.dataTransfer)) return;
    event.preventDefault();
    document.documentElement.toggleAttribute('data-dropping', true);
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) document.documentElement.removeAttribute('data-dropping');
  });
  document.addEventListener('drop', async (event) => {
    document.documentElement.removeAttribute('data-dropping');
    if (!carriesFiles(event.dataTransfer)) return;
    event.preventDefault(); // the browser would leave the page for the file
    start(await filesOf(event.dataTransfer));
  });
  // What is copied in a spreadsheet is text and a picture of it: then the text is meant.
  document.addEventListener('paste', async (event) => {
    const { files, types } = event.clipboardData;
    if (files.length === 0) return;
    if (types.includes('text/plain') && ![...files].some((file) => isText(file) || isZip(file))) return;
    event.preventDefault();
    start(await filesOf(event.clipboardData));
  });
  document.getElementById('import-form')?.addEventListener('submit', (event) => {
    event.preventDefault();
    start([...document.getElementById('files').files]);
    event.target.reset();
  });
  part('again').addEventListener('click', run);
  part('close').addEventListener('click', () => { status.hidden = true; });
  window.addEventListener('beforeunload', (event) => { if (job.isRunning) event.preventDefault(); });
}
