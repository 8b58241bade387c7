import type { Channel } from '../../model/channel.ts'
import type { Reading } from './view.ts'

export function read(text: string, _options: { readonly channel?: Channel } = {}): Reading {
  return { views: [{ kind: 'text', text, locate: (start, end) => ({ start, end }) }], isWhole: true }
}

export function sanitise(text: string): string {
  return text
}
