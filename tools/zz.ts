import { run } from './bench/decide.ts'; console.log(JSON.stringify(await run()))
