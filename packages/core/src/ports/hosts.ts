/** Host names as the platform's own URL code reads them, so that the gateway and an HTTP client agree on who is meant. */
export interface Hosts {
  /** Domain to ASCII by UTS #46, non-transitional; `undefined` when it has none. Never throws. */
  toAscii(domain: string): string | undefined
  /** Host of an absolute URL as the WHATWG parser reads it, lower case, without port; `undefined` when it does not parse. */
  urlHost(url: string): string | undefined
}
