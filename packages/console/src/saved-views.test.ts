import { expect, test, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
const { readViews } = await import('./saved-views.ts')

test('a stored view is read again, one that would leave the console or be no view is not', () => {
  const kept = [
    { name: 'home', to: '/' },
    { name: 'denied', to: '/audit?effect=deny' },
  ]
  const others = [
    ...['//evil.example', '/\\evil.example', '/\t/evil.example', 'https://evil.example', 'javascript:1', ''].map((to) => ({
      name: 'x',
      to,
    })),
    { name: '', to: '/' },
    { name: 'x'.repeat(81), to: '/' },
    { to: '/' },
    null,
    7,
  ]
  expect(readViews(JSON.stringify([...kept, ...others]))).toEqual(kept)
  expect(readViews('{')).toEqual([])
  expect(readViews('{}')).toEqual([])
  expect(readViews(null)).toEqual([])
})
