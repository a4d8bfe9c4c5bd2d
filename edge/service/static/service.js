// Asking the service: with the key where there is one, and every failure as one line.

const KEY = "signwatch-key";
let wanted = null; // whoever waits for a key shares one dialog

export class Failure extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export async function ask(path, options = {}) {
  for (;;) {
    const key = sessionStorage.getItem(KEY);
    const headers = { ...options.headers };
    if (key) headers.Authorization = `Bearer ${key}`;
    let response;
    try {
      response = await fetch(path, { cache: "no-store", ...options, headers });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Failure(0, "The service can't be reached.");
    }
    if (response.ok) return response;
    if (response.status === 401 && await askForKey()) continue;
    let detail = `The service answered with ${response.status}.`;
    try {
      detail = (await response.json()).detail || detail;
    } catch { /* an answer of something in between */ }
    throw new Failure(response.status, detail);
  }
}

export function askForKey() {
  wanted ??= new Promise((resolve) => {
    const dialog = document.getElementById("key-dialog");
    const field = document.getElementById("key");
    dialog.addEventListener("close", () => {
      wanted = null;
      const given = dialog.returnValue === "ok" && field.value.trim();
      if (given) sessionStorage.setItem(KEY, given);
      field.value = "";
      resolve(Boolean(given));
    }, { once: true });
    dialog.returnValue = "";
    dialog.showModal();
  });
  return wanted;
}
