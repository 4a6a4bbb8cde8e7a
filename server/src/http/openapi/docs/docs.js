// Shows an OpenAPI document: that of the control API, or of the front that the address names. A user who is logged in in
// this browser can try the operations of this address out; the engine front has an address of its own.
const front = new URLSearchParams(location.search).get("front");
SwaggerUIBundle({
  url: ["engine", "sessions"].includes(front) ? `/docs/${front}.json` : "/api/openapi.json",
  supportedSubmitMethods: front === "engine" ? [] : undefined,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
