// The OpenAPI document as a page.

import { element } from "/static/elements.js";

const place = document.getElementById("docs");
const api = await (await fetch("/openapi.json")).json();
const resolve = (schema) => (schema?.$ref ? api.components.schemas[schema.$ref.split("/").at(-1)] : schema);
const code = (text) => element("code", {}, text);

place.append(element("p", {}, api.info.description));
if (api.components.securitySchemes) {
  place.append(element("p", {}, "Where a lock is shown a key is needed: send it as ", code("Authorization: Bearer KEY"), "."));
}

for (const [path, operations] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(operations)) place.append(card(path, method, operation));
}

function card(path, method, operation) {
  const body = element("section", { class: "card operation" },
    element("h2", {}, element("span", { class: `method ${method}` }, method.toUpperCase()),
      element("code", { class: "path" }, path), operation.security ? element("span", { class: "chip" }, "🔒 key") : null),
    element("p", {}, [operation.summary, operation.description].filter(Boolean).join(". ")));
  if (operation.parameters?.length) {
    body.append(table(["Parameter", "Values", "What it does"], operation.parameters.map((parameter) => [
      code(parameter.name), values(parameter.schema), plain(parameter.description)])));
  }
  body.append(element("pre", {}, code(example(path, method, operation))));
  for (const [status, response] of Object.entries(operation.responses)) {
    const content = response.content?.["application/json"];
    for (const [title, { value }] of Object.entries(content?.examples ?? {})) {
      body.append(element("details", {}, element("summary", {}, `${status}, ${title}`),
        element("pre", {}, code(JSON.stringify(value, null, 2)))));
    }
    const fields = resolve(content?.schema)?.properties;
    if (status === "200" && fields) {
      body.append(element("details", {}, element("summary", {}, "Fields of the answer"),
        table(["Field", "Meaning"], Object.entries(fields).map(([name, field]) => [
          code(name), plain(field.description)]))));
    }
  }
  const problems = Object.entries(operation.responses).filter(([status]) => status >= 400);
  if (problems.length) {
    body.append(element("details", {}, element("summary", {}, "When there is no answer"),
      table(["Status", "Why"], problems.map(([status, response]) => [code(status), response.description]))));
  }
  return body;
}

function plain(text) {
  return (text ?? "").replaceAll("`", "");
}

function example(path, method, operation) {
  const address = `${location.origin}${path}`;
  const key = operation.security ? " -H 'Authorization: Bearer KEY'" : "";
  if (method !== "post") return `curl${key} ${address}`;
  return Object.keys(operation.requestBody.content).some((type) => type.startsWith("image/"))
    ? `curl${key} --data-binary @sign.jpg ${address}`
    : `curl${key} -F files=@one.jpg -F files=@two.png ${address}`;
}

function values(schema) {
  if (schema.enum) return `${schema.enum.join(", ")}; ${schema.default} if not given`;
  const range = schema.minimum != null ? `${schema.minimum} to ${schema.maximum}` : schema.type;
  return schema.default != null ? `${range}; ${schema.default} if not given` : range;
}

function table(heads, rows) {
  return element("table", {}, element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", {}, head)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell))))));
}
