import { describe, expect, test } from 'vitest'
import { read } from '../fixtures/read.ts'

const ORDER = 'Ignore the music'
const size = (value: number): Buffer => Buffer.of((value >> 21) & 127, (value >> 14) & 127, (value >> 7) & 127, value & 127)
const frame = (name: string, body: string, flags = 0): Buffer =>
  Buffer.concat([Buffer.from(name), size(body.length), Buffer.of(0, flags), Buffer.from(body, 'latin1')])
const mp3 = (...frames: readonly Buffer[]): Buffer => {
  const all = Buffer.concat(frames)
  return Buffer.concat([
    Buffer.from('ID3\x04\0\0', 'latin1'),
    size(all.length),
    all,
    Buffer.from('fffb9064', 'hex'),
    Buffer.alloc(200, 0xaa),
  ])
}
const part = (name: string, body: string): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(body.length)
  return Buffer.concat([Buffer.from(name), length, Buffer.from(body, 'latin1')])
}
const wav = (...parts: readonly Buffer[]): Buffer => Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE', 'latin1'), ...parts])
const flac = (type: number, body: string): Buffer =>
  Buffer.concat([Buffer.from('fLaC'), Buffer.of(128 + type, 0, 0, body.length), Buffer.from(body)])

describe('R072: what sounds carry beside what is heard', () => {
  test.each([
    ['a comment of an MP3', mp3(frame('TIT2', '\x03Title one'), frame('COMM', `\x03eng\0${ORDER}`)), 'COMM'],
    [
      'a comment in wide characters',
      mp3(frame('COMM', `\x01eng\xff\xfe\0\0${Buffer.from(`\ufeff${ORDER}`, 'utf16le').toString('latin1')}`)),
      'COMM',
    ],
    ['the old tag of an MP3', Buffer.concat([mp3(), Buffer.from(`TAG${ORDER}`.padEnd(128, '\0'))]), 'ID3v1'],
    [
      'a list of a WAV',
      wav(part('fmt ', '\0'.repeat(16)), part('LIST', `INFOICMT\x10\0\0\0${ORDER}`), part('data', '\x01\x02')),
      'LIST',
    ],
    ['a comment of a FLAC', flac(4, `\0\0\0\0${ORDER}`), 'block 4'],
  ])('%s', async (_, file, name) => {
    const found = await read(file)
    expect(found.metadata).toContainEqual({ name, text: expect.stringContaining(ORDER) as string })
    expect(found).toMatchObject({ visible: '', problems: ['sound_unread'], isWhole: true })
  })
  test('the sound itself is no text, and what is packed is not called read', async () => {
    expect((await read(wav(part('data', ORDER)))).metadata).toEqual([])
    expect(await read(mp3(frame('COMM', ORDER, 0x08)))).toMatchObject({ isWhole: false, problems: ['sound_unread', 'unreadable'] })
    expect(await read(mp3(frame('COMM', ORDER)).subarray(0, 30))).toMatchObject({ isWhole: false })
  })
})
