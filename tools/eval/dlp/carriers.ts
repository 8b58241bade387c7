/** Sentences that say what a value is; `{label}` and `{value}` are filled in. */
export const LABELLED: readonly string[] = [
  'My {label} is {value}.',
  'Please note the {label}: {value}, and confirm by Friday.',
  '{label} {value}',
  '{"{label}":"{value}","status":"active"}',
  'Jane Roe\n{label}: {value}\nBerlin',
  'She gave her {label} as {value} over the phone.',
]

/** Sentences around a value that they do not name. */
export const UNLABELLED: readonly string[] = [
  'It says {value} on the first page.',
  '{value}',
  'They wrote {value} and nothing else.',
  'Jane Roe,{value},Berlin,active',
  'Could you look up {value} for me?',
]

/** Sentences in which systems and people write numbers that are nobody's. */
export const ORDINARY: readonly string[] = [
  'Order {value} was shipped on Monday.',
  'The tracking number is {value}.',
  'Invoice {value} is due next week.',
  '{"id":"{value}","status":"done"}',
  'Build {value} passed all tests.',
  'The sensor reported {value} at noon.',
  '{value}',
  'row {value}: written',
  'Your confirmation code is {value}.',
  'See ticket {value} for details.',
  'checksum {value} does not match',
  'It says {value} on the box.',
]
