import { posix } from 'node:path'
import type { Collector } from '../../collect-text.ts'
import { readXml } from '../../read-xml.ts'

/** Last words of relationship types whose target is loaded without asking, and run. */
const TEMPLATES = new Set(['attachedTemplate', 'subDocument', 'oleObject', 'frame', 'control', 'aFChunk'])

/** Targets outside the package: links, and what is loaded when the document is opened. @see ECMA-376, part 2, section 6.5. */
export function readRelations(xml: string, out: Collector): void {
  readXml(xml, {
    open: (name, attributes) => {
      if (name !== 'Relationship' || attributes.get('TargetMode') !== 'External') return
      const kind = lastWord(attributes.get('Type') ?? '')
      out.link(attributes.get('Target') ?? '')
      if (TEMPLATES.has(kind)) out.trouble('remote_template')
      else if (kind !== 'hyperlink') out.trouble('external_link')
    },
    close: () => undefined,
  })
}

/** Adds where each identifier of a part leads: `xl/workbook.xml#rId1` to `xl/worksheets/sheet1.xml`. */
export function relationTargets({
  name: file,
  xml,
  targets,
}: {
  readonly name: string
  readonly xml: string
  readonly targets: Map<string, string>
}): void {
  const folder = posix.dirname(posix.dirname(file))
  readXml(xml, {
    open: (name, attributes) => {
      const [id, target] = [attributes.get('Id'), attributes.get('Target')]
      if (name !== 'Relationship' || id === undefined || target === undefined || attributes.get('TargetMode') === 'External') return
      const path = target.startsWith('/') ? target.slice(1) : posix.join(folder, target)
      targets.set(`${posix.basename(file, '.rels')}#${id}`, path)
    },
    close: () => undefined,
  })
}

function lastWord(address: string): string {
  return address.slice(address.lastIndexOf('/') + 1)
}
