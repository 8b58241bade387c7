import { defineCommand, type Context } from '../../define-command.ts'
import { DemoReport } from './report.ts'
import { runDemo } from './run-demo.ts'
import { openTeller, type Teller } from './tell.ts'

/** `sallyport demo`: tells the story as it happens, or prints one `DemoReport`. Exit code 0 when every claim holds, else 1. */
export const command = defineCommand({
  configure(command, act) {
    command.action(
      act(DemoReport, async (context) => {
        const report = await runDemo(context.json ? {} : { teller: tellerOf(context) })
        return { output: report, text: '', exit: report.ok ? 'ok' : 'refused' }
      }),
    )
  },
})

function tellerOf({ write }: Context): Teller {
  // `hasColors` honours NO_COLOR; a pipe or a file gets plain text. Colours go past `write`, which lets no escape through;
  // the teller cleans what it tells.
  const isColoured = process.stdout.isTTY && process.stdout.hasColors()
  return openTeller(isColoured ? (line) => process.stdout.write(`${line}\n`) : write, isColoured)
}
