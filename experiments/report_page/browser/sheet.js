// The one dialog of the page.

/** Show elements in it; `closed` is called when the reader closes it. */
function openSheet(elements, closed = () => {}, className = "") {
  const sheet = document.querySelector("dialog.sheet");
  sheet.className = `sheet ${className}`;
  const body = sheet.querySelector(".body");
  body.replaceChildren(...elements);
  sheet.onclose = closed;
  if (!sheet.open) sheet.showModal();
  body.scrollTop = 0;
  sheet.scrollTop = 0;
  body.focus({ preventScroll: true });
}

/** Close by the button and by a click beside it; Escape does so by itself. */
function setUpSheet() {
  const sheet = document.querySelector("dialog.sheet");
  sheet.querySelector(".close").addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });
}

/** Without telling anyone: the address changed, and is right as it is. */
function closeSheet() {
  const sheet = document.querySelector("dialog.sheet");
  sheet.onclose = null;
  if (sheet.open) sheet.close();
}
