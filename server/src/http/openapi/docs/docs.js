// Shows the OpenAPI document. A user who is logged in in this browser can try the operations out.
SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
