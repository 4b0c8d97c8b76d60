import CKernels

// Movements of whole rows: gathering, summing, masking.

extension PanelMatrix {
  /// self[i] = source[index[i]] for all rows of self.
  package func gatherRows(of source: PanelMatrix, index: UnsafePointer<Int32>) {
    precondition(panels == source.panels)
    Watchdog.writes(self)
    for panel in 0..<panels {
      Watchdog.reads(source, panel: panel, rows: index, count: rows)
      ck_gather_rows(source.pointer(panel: panel, row: 0), index, rows, pointer(panel: panel, row: 0))
    }
  }

  /// self[i] = the sum of source[index[k]] over start[i] <= k < start[i + 1] in order, for some panels.
  package func sumRows(
    of source: PanelMatrix, index: UnsafePointer<Int32>, start: UnsafePointer<Int32>, panels range: Range<Int>
  ) {
    precondition(range.upperBound <= min(panels, source.panels))
    Watchdog.writes(self.panels(range))
    for panel in range {
      Watchdog.reads(source, panel: panel, rows: index + Int(start[0]), count: Int(start[rows] - start[0]))
      ck_sum_rows(source.pointer(panel: panel, row: 0), index, start, rows, pointer(panel: panel, row: 0))
    }
  }

  /// self[i] += source[i] for all rows of source.
  package func addRows(of source: PanelMatrix) {
    precondition(rows == source.rows && panels == source.panels)
    Watchdog.reads(source)
    Watchdog.writes(self)
    for panel in 0..<panels {
      ck_add_to_rows(source.pointer(panel: panel, row: 0), nil, rows, pointer(panel: panel, row: 0))
    }
  }

  /// self[index[i]] += source[i] for all rows of source in order, for one panel.
  package func addRows(of source: PanelMatrix, panel: Int, at index: UnsafePointer<Int32>) {
    precondition(panel < min(panels, source.panels))
    Watchdog.reads(source.panels(panel..<panel + 1))
    Watchdog.writes(self, panel: panel, rows: index, count: source.rows)
    ck_add_to_rows(source.pointer(panel: panel, row: 0), index, source.rows, pointer(panel: panel, row: 0))
  }

  /// self[i] += factor source[i] for all rows, each product rounded before it is added.
  package func addRows(of source: PanelMatrix, times factor: Float) {
    precondition(rows == source.rows && panels == source.panels)
    Watchdog.reads(source)
    Watchdog.writes(self)
    for panel in 0..<panels {
      let (sum, addend) = (pointer(panel: panel, row: 0), source.pointer(panel: panel, row: 0))
      for index in 0..<rows * PanelShape.width { sum[index] += factor * addend[index] }
    }
  }

  /// self[i] += factor (source[i] - other[i]) for all rows, each operation rounded by itself.
  package func addRows(of source: PanelMatrix, minus other: PanelMatrix, times factor: Float) {
    precondition(rows == source.rows && rows == other.rows && panels == source.panels && panels == other.panels)
    Watchdog.reads(source)
    Watchdog.reads(other)
    Watchdog.writes(self)
    for panel in 0..<panels {
      let sum = pointer(panel: panel, row: 0)
      let (a, b) = (source.pointer(panel: panel, row: 0), other.pointer(panel: panel, row: 0))
      for index in 0..<rows * PanelShape.width { sum[index] += factor * (a[index] - b[index]) }
    }
  }

  /// self[i] *= factor(i) for all rows.
  package func scaleRows(by factor: (_ row: Int) -> Float) {
    Watchdog.writes(self)
    for row in 0..<rows {
      let scale = factor(row)
      for panel in 0..<panels {
        let elements = pointer(panel: panel, row: row)
        for lane in 0..<PanelShape.width { elements[lane] *= scale }
      }
    }
  }

  /// Dropout: self = source with a share of the elements at zero and the others scaled up, for some rows and panels. Both may
  /// be the same matrix.
  ///
  /// Which elements are zero is a pure function of (seed, step, place, row, column); rows with one identity have one
  /// mask. The share is taken in 65,536ths.
  ///
  /// - Parameters:
  ///   - subset: nil: all panels.
  ///   - place: tells one place of a network from another; below 256.
  ///   - identity: [rows of self] what stands for a row's number; nil: its number.
  package func dropRows(
    of source: PanelMatrix, rows range: Range<Int>, panels subset: Range<Int>? = nil, _ random: Philox, share: Double,
    step: Int, place: Int, maskOf identity: UnsafePointer<Int32>?
  ) {
    precondition(range.upperBound <= min(rows, source.rows) && panels == source.panels && (0..<1).contains(share))
    let subset = subset ?? 0..<panels
    Watchdog.reads(source.rows(range).panels(subset))
    Watchdog.writes(self.rows(range).panels(subset))
    var drop = ck_drop(
      random: random.sequence(.dropout, step: step), place: UInt32(place), panel: 0,
      threshold: min(UInt32((share * 65_536).rounded()), 65_535))
    for panel in subset {
      drop.panel = UInt32(panel)
      ck_drop_rows(
        &drop, source.pointer(panel: panel, row: 0), range.lowerBound, range.count, identity,
        pointer(panel: panel, row: 0))
    }
  }
}
