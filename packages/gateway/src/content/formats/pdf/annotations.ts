import type { getDocument } from 'unpdf/pdfjs'
import type { Collector } from '../../collect-text.ts'

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof getDocument>['promise']>['getPage']>>

/** What is read of an annotation; any of it may be missing. */
interface Annotation {
  readonly subtype?: string
  readonly contentsObj?: { readonly str?: string }
  readonly titleObj?: { readonly str?: string }
  readonly fieldName?: string
  readonly fieldValue?: unknown
  readonly alternativeText?: string
  readonly url?: string
  readonly unsafeUrl?: string
  /** A file that is pinned to the page. */
  readonly fileId?: string | null
  readonly file?: { readonly filename: string }
  readonly actions?: Readonly<Record<string, readonly string[]>> | null
}

/** A file that is attached, by what it is asked for. */
export interface AttachedFile {
  readonly key: string
  readonly name: string
}

/** Notes, form fields and links of a page, and what they start. @returns files pinned to it. */
export async function readAnnotations(page: Page, out: Collector): Promise<readonly AttachedFile[]> {
  const files: AttachedFile[] = []
  const scripts = (await page.getJSActions()) as Annotation['actions']
  readScripts(scripts, out)
  for (const annotation of (await page.getAnnotations()) as readonly Annotation[]) {
    const isField = annotation.subtype === 'Widget'
    const texts = [
      annotation.titleObj?.str,
      annotation.contentsObj?.str,
      annotation.fieldName,
      annotation.alternativeText,
      annotation.fieldValue,
    ]
    const text = texts.flat().filter((part) => typeof part === 'string' && part !== '')
    if (text.length > 0) out.hide(isField ? 'form_field' : 'annotation', `${text.join(': ')}\n`)
    readScripts(annotation.actions, out)
    if (typeof annotation.fileId === 'string')
      files.push({ key: annotation.fileId, name: annotation.file?.filename ?? 'attachment' })
    const address = annotation.url ?? annotation.unsafeUrl
    if (address === undefined) continue
    out.link(address)
    // Links of any other kind start a program or open a file.
    if (!/^(?:https?|mailto|tel|ftp):/i.test(address)) out.trouble('launch_action')
  }
  return files
}

function readScripts(scripts: Annotation['actions'], out: Collector): void {
  for (const script of Object.values(scripts ?? {}).flat()) {
    out.trouble('script')
    out.hide('script', `${script}\n`)
  }
}
