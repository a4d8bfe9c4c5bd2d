// Making elements; text is always text, whatever it holds.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

export function percent(share) {
  if (share >= 0.9995) return "> 99.9 %";
  if (share < 0.0005) return "< 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

const drawings = new Map();

export function learnDrawings(signs) {
  for (const sign of signs) if (sign.drawing) drawings.set(sign.class_index, sign.drawing);
}

// The sign's drawing, or its code where the catalogue in use has none.
export function signMark(classIndex, code, size) {
  const source = drawings.get(classIndex);
  if (!source) return element("span", { class: "badge" }, code || String(classIndex));
  return element("img", { src: source, alt: "", width: size, height: size, decoding: "async" });
}
