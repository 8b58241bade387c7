import type { ReactElement, ReactNode } from 'react'

export interface Column<R> {
  readonly title: string
  readonly cell: (row: R) => ReactNode
  /** What exports and the filter see. */
  readonly text: (row: R) => string | number
}

/** A table every row of which can be taken away as CSV or JSON. */
export function Table<R>({
  name,
  columns,
  rows,
  keyOf,
}: {
  name: string
  columns: readonly Column<R>[]
  rows: readonly R[]
  keyOf: (row: R) => string
}): ReactElement {
  return (
    <div>
      <div className="overflow-x-auto rounded-lg border border-line bg-panel" role="region" aria-label={name} tabIndex={0}>
        <table className="w-full text-left">
          <caption className="sr-only">{name}</caption>
          <thead className="bg-sunk text-sm">
            <tr>
              {columns.map(({ title }) => (
                <th key={title} scope="col" className="px-3 py-2 font-semibold">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={keyOf(row)} className="border-t border-line align-top">
                {columns.map(({ title, cell }) => (
                  <td key={title} className="px-3 py-2">
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Export name={name} columns={columns} rows={rows} />
    </div>
  )
}

/** Takes rows away as they are shown. */
export function Export<R>({
  name,
  columns,
  rows,
}: {
  name: string
  columns: readonly Pick<Column<R>, 'title' | 'text'>[]
  rows: readonly R[]
}): ReactElement {
  return (
    <div className="mt-2 flex gap-2 text-sm">
      <button type="button" className="button" onClick={() => save(`${name}.csv`, csvOf(columns, rows))}>
        Export CSV
      </button>
      <button type="button" className="button" onClick={() => save(`${name}.json`, JSON.stringify(rows, undefined, 2))}>
        Export JSON
      </button>
    </div>
  )
}

/** RFC 4180; what a spreadsheet would run as a formula is text. */
export function csvOf<R>(columns: readonly Pick<Column<R>, 'title' | 'text'>[], rows: readonly R[]): string {
  const field = (value: string | number): string => {
    const text = String(value)
    const inert = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
    return `"${inert.replaceAll('"', '""')}"`
  }
  const lines = [columns.map(({ title }) => field(title)), ...rows.map((row) => columns.map(({ text }) => field(text(row))))]
  return lines.map((line) => `${line.join(',')}\r\n`).join('')
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
