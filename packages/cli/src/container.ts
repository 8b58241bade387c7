import { fillHome } from './fill-home.ts'
import { homePath } from './home-path.ts'

// What the image starts: the command line, over a home folder filled from the mounts.
const from = process.env['SALLYPORT_MOUNTS']
if (from !== undefined) fillHome(from, homePath(undefined, process.env))
await import('./main.ts')
