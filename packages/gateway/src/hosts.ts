import { domainToASCII } from 'node:url'
import type { Hosts } from '@sallyport/core'

/** Host names as Node's own URL code reads them: UTS #46 non-transitional, and the WHATWG URL parser that HTTP clients use. */
export const hosts: Hosts = {
  toAscii: (domain) => {
    const ascii = domainToASCII(domain)
    return ascii === '' ? undefined : ascii
  },
  urlHost: (url) => (URL.canParse(url) ? new URL(url).hostname : undefined),
}
