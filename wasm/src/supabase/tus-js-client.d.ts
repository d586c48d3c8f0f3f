/** The part of tus-js-client 4 that is used; its own types describe only the main entry, which resolves to Node's build there. */
declare module 'tus-js-client/lib.esm/browser/index.js' {
  export { Upload } from 'tus-js-client';
  export type { HttpRequest, HttpResponse } from 'tus-js-client';
}
