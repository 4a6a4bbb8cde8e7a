// Shows the document. Whoever is logged in in this browser can try the operations out: the server wants the value of
// the cookie csrf_token repeated in a header.
const cookie = (name) =>
  document.cookie.split("; ").find((it) => it.startsWith(`${name}=`))?.slice(name.length + 1);

SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const token = cookie("csrf_token");
    if (token && new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRF-Token"] = token;
    }
    return request;
  },
});
