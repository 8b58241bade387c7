export { serveConsole, type ConsoleOptions, type ConsoleServer } from './serve-console.ts'
export { openApi, ROUTES } from './openapi.ts'
