/** Longest name shown as it is. */
export const PLAIN_NAME_MAX = 64

/** Whether a name that a caller chose can be recorded: one too long, of unusual characters or with a long run of digits could be a value. */
export function isPlainName(name: string): boolean {
  return (
    name.length <= PLAIN_NAME_MAX && /^[A-Za-z_$][A-Za-z0-9_$.-]*$/.test(name) && !/[0-9]{5}/.test(name) && name !== '__proto__'
  )
}

/** A path of names that a caller chose, such as a JSON pointer: what could be a value is `?`, indexes stay. */
export function plainPath(path: string): string {
  const steps = path.split('/')
  return steps.map((step) => (step === '' || isPlainName(step) || /^[0-9]{1,4}$/.test(step) ? step : '?')).join('/')
}
