import fc from 'fast-check'

// In CI every property looks at the same cases each time, so that a change is judged by what it changes. Anywhere else they are new
// ones, which find more; what they find prints the seed to run it with again.
if (process.env['CI'] === 'true') fc.configureGlobal({ seed: 20_261_126 })
