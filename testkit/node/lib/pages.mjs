// The plain pages of the providers here.

export const escaped = (text) => String(text).replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);

export const html = (title, content) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title>
<main><h1>${escaped(title)}</h1>${content}</main></html>`;

export function show(response, page) {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(page);
}
