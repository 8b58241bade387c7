import { expect, test } from 'vitest'
import { inspect } from '../../inspect.ts'
import { imitations, otherWords, slips, unrelated } from './fixtures/names.ts'
import { lookalike } from './index.ts'

const codes = (definition: { name: string; title?: string }, otherTools: readonly string[]) =>
  inspect(definition, { channel: 'definition', otherTools, detectors: [lookalike] }).map(({ code }) => code)

test.each(imitations)('R265: %s imitates %s', (name, other, code) => expect(codes({ name }, [other])).toContain(code))
test.each(unrelated)('R265: %s does not imitate %s', (name, other) => expect(codes({ name }, [other])).toEqual([]))
test.each(slips)('R265: %s passes for %s', (name, other, code) => expect(codes({ name }, [other])).toEqual([code]))
test.each(otherWords)('R265: %s is not taken for %s', (name, other) => expect(codes({ name }, [other])).toEqual([]))
test('R265: a title that is another tool’s name is found', () => {
  expect(codes({ name: 'x', title: 'Send Mail' }, ['send_mail'])).toEqual(['lookalike_title'])
  expect(codes({ name: 'x', title: 'Sends mail' }, ['send_mail'])).toEqual([])
})
test('only names and titles are compared', () => {
  expect(
    inspect({ description: 'sendmail' }, { channel: 'definition', otherTools: ['send_mail'], detectors: [lookalike] }),
  ).toEqual([])
})
