/** A column of a {@link DataTable}: what is shown comes from the slot of its name. */
export interface Column<Row> {
  id: string
  label: string
  /** A CSS grid width. */
  width: string
  /** What it is sorted by; without it, it cannot be. */
  sort?: (row: Row) => string | number
  /** Where it goes on a narrow screen, on which a row becomes a card. */
  narrow: 'title' | 'side' | 'sub' | 'side2' | 'hide'
  end?: boolean
  /** The heading is only for those who do not see the column. */
  unnamed?: boolean
}

export interface Sorting {
  column: string
  down: boolean
}

const words = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** The rows in order; equal ones stay as they were. */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], by: Sorting | null): readonly Row[] {
  const value = columns.find((column) => column.id === by?.column)?.sort
  if (!by || !value) return rows
  const compare = (a: string | number, b: string | number) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : words.compare(String(a), String(b))
  const order = [...rows].sort((a, b) => compare(value(a), value(b)))
  return by.down ? order.reverse() : order
}

/** Which rows are in the document: those in sight, and so many around. */
export function inSight(
  count: number,
  height: number,
  top: number,
  view: number,
  around: number,
): { from: number; to: number } {
  const from = Math.max(0, Math.floor(top / height) - around)
  return { from, to: Math.min(count, Math.ceil((top + view) / height) + around) }
}
