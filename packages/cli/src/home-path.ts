import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/**
 * The home folder: `--home`, else `$SALLYPORT_HOME`, else `.sallyport` in the repository when run by one of its npm scripts,
 * else `~/.sallyport`. The current folder alone never decides: a configuration names programs to start.
 */
export function homePath(option: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const named = option ?? env['SALLYPORT_HOME']
  if (named !== undefined && named !== '') return resolve(named)
  return env['npm_package_name'] === 'sallyport-repository' ? resolve('.sallyport') : join(homedir(), '.sallyport')
}
