import { read, type Channel, type Reading } from '@sallyport/core'

/** The readings of a text, as the gateway makes them. */
export const readingOf = (text: string, channel: Channel): Reading => read(text, { channel })
