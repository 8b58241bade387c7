import { z } from 'zod'

/** Classes that detectors know. A configuration may define more: dictionaries and patterns under names of its own (R288). */
export const DETECTED_CLASSES = ['pii', 'phi', 'pci', 'secret', 'source-code'] as const

/** Name of a class of data, built in or defined by the configuration. */
export const ClassName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be a class such as pii, phi, pci, secret, or one of your own in lower case')
