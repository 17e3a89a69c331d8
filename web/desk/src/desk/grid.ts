/** AG Grid with the parts that the desk uses, and nothing else. */
import 'ag-grid-community/styles/ag-grid.css';
import 'ag-grid-community/styles/ag-theme-quartz-no-font.css';

import {
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ColumnAutoSizeModule,
  createGrid,
  HighlightChangesModule,
  LocaleModule,
  ModuleRegistry,
  RowApiModule,
  RowStyleModule,
  TextEditorModule,
  TooltipModule,
} from 'ag-grid-community';

ModuleRegistry.registerModules([
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ColumnAutoSizeModule,
  HighlightChangesModule,
  LocaleModule,
  RowApiModule,
  RowStyleModule,
  TextEditorModule,
  TooltipModule,
]);

export { createGrid };
export type { CellClassParams, ColDef, GridApi, ICellRendererParams, ValueFormatterParams } from 'ag-grid-community';
