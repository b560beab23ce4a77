// Uploads one file at a time: small ones by a presigned form, large ones in parts, several at once.

const AT_ONCE = 4;
const ATTEMPTS = 2;
const SET_BY_BROWSER = new Set(["content-length", "host"]); // a page may not set them

const at = (id) => document.getElementById(id);
const form = at("form");

/** Something that went wrong, in words for the user. */
class Failure extends Error {}

// ------------------------------------------------------------------------------------- our own backend

async function ask(method, path, body, signal) {
  const sent = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { method, signal, cache: "no-store", ...sent });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const words = [told.error ?? `the server answered with ${answer.status}`, told.fix];
    throw new Failure(words.filter(Boolean).map(sentence).join(" "));
  }
  return told;
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

const about = (file) => ({
  filename: file.name,
  content_type: file.type || "application/octet-stream",
  size: file.size,
});

// ------------------------------------------------------------------------------------------------- S3

/** Send a body to a presigned URL; XMLHttpRequest, for fetch tells no progress. */
function send({ method, url, headers = {}, body, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) {
      if (!SET_BY_BROWSER.has(name.toLowerCase())) request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
    request.onload = () => (request.status < 300 ? resolve() : reject(refusal(request)));
    request.onerror = () => reject(new Failure("S3 cannot be reached, or refused this page."));
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener("abort", stop);
    signal.throwIfAborted();
    signal.addEventListener("abort", stop);
    request.send(body);
  });
}

/** S3 says what is wrong in XML, which CORS lets this page read. */
function refusal(request) {
  const answer = new DOMParser().parseFromString(request.responseText, "application/xml");
  const member = (name) => answer.querySelector(`Error > ${name}`)?.textContent;
  const code = member("Code") ?? request.status;
  return new Failure(`S3 refused it (${code}). ${sentence(member("Message") ?? "It did not say why")}`);
}

async function sendForm(file, { signal, onProgress }) {
  const granted = await ask("POST", "uploads", about(file), signal);
  const body = new FormData();
  for (const [name, value] of Object.entries(granted.fields)) body.append(name, value);
  body.append("file", file); // last: S3 ignores what comes behind it
  await send({ method: "POST", url: granted.url, body, signal, onProgress });
  return granted.key;
}

async function sendParts(file, { controller, onProgress }) {
  const { signal } = controller;
  const { ticket, part_bytes, part_count } = await ask("POST", "large", about(file), signal);
  const done = new Array(part_count).fill(0); // bytes of each part
  const waiting = done.map((_, index) => index);

  async function sendPart(index) {
    const body = file.slice(index * part_bytes, (index + 1) * part_bytes);
    const onPartProgress = (fraction) => {
      done[index] = fraction * body.size;
      onProgress(done.reduce((sum, bytes) => sum + bytes) / file.size);
    };
    // The URL is asked for when its turn has come: it is short-lived, and a second attempt gets a fresh one.
    const [part] = await ask("POST", "large/parts", { ticket, numbers: [index + 1] }, signal);
    const { method, url, required_headers: headers } = part;
    await send({ method, url, headers, body, signal, onProgress: onPartProgress });
  }

  async function work() {
    while (waiting.length) await again(sendPart, waiting.shift(), signal);
  }

  const workers = Array.from({ length: AT_ONCE }, work);
  try {
    await Promise.all(workers);
    return (await ask("POST", "large/complete", { ticket }, signal)).key;
  } catch (error) {
    controller.abort(error); // the other workers; only when none is left are the parts removed
    await Promise.allSettled(workers);
    await ask("POST", "large/abort", { ticket }).catch(() => {});
    throw error;
  }
}

async function again(attempt, argument, signal) {
  for (let number = 1; ; number++) {
    try {
      return await attempt(argument);
    } catch (error) {
      if (signal.aborted || number === ATTEMPTS) throw error;
    }
  }
}

// ------------------------------------------------------------------------------------------- the page

const size = (bytes) => {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const power = Math.min(Math.floor(Math.log10(bytes || 1) / 3), units.length - 1);
  const format = { style: "unit", unit: units[power], unitDisplay: power ? "short" : "long" };
  return new Intl.NumberFormat("en", { ...format, maximumFractionDigits: 1 }).format(bytes / 1000 ** power);
};

function show({ busy, status = "", error = "" }) {
  form.ariaBusy = busy;
  at("file").disabled = busy;
  at("send").hidden = busy;
  at("cancel").hidden = !busy;
  at("transfer").hidden = !busy;
  at("status").textContent = status;
  at("status").className = status && !busy ? "done" : "";
  at("error").textContent = error;
}

function showProgress(fraction) {
  at("progress").value = fraction;
  at("percent").textContent = `${Math.round(100 * fraction)} %`;
}

function showUploaded(file, key) {
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    textContent: "Download",
    ariaLabel: `Download ${file.name}`,
    onclick: () => download(key),
  });
  button.dataset.key = key;
  const name = Object.assign(document.createElement("span"), { textContent: file.name });
  const bytes = Object.assign(document.createElement("small"), { textContent: size(file.size) });
  const item = document.createElement("li");
  item.append(name, bytes, button);
  at("list").prepend(item);
  at("uploaded").hidden = false;
}

/** The link is made when it is wanted, and lives for minutes; the browser stores what it leads to. */
async function download(key) {
  try {
    const link = await ask("GET", `links?${new URLSearchParams({ key })}`);
    location.assign(link.url);
  } catch (error) {
    show({ busy: false, error: inWords(error) });
  }
}

const inWords = (error) =>
  error instanceof Failure ? error.message : "The server cannot be reached. Try again.";

async function upload(file) {
  const controller = new AbortController();
  const { signal } = controller;
  at("cancel").onclick = () => controller.abort(new Failure("The upload was cancelled."));
  show({ busy: true, status: `Uploading ${file.name}…` });
  showProgress(0);
  at("cancel").focus();
  try {
    const way = file.size < Number(form.dataset.large) ? sendForm : sendParts;
    const key = await way(file, { controller, signal, onProgress: showProgress });
    showUploaded(file, key);
    form.reset();
    show({ busy: false, status: `${file.name} is uploaded.` });
  } catch (error) {
    show({ busy: false, error: inWords(error) });
  }
  at("file").focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  upload(at("file").files[0]);
});
