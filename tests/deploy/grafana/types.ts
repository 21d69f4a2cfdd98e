// What Grafana's own types say of a dashboard, for JSON, where an enum is its value. test_grafana.py writes the rest.
import type { AnnotationQuery, Dashboard, Panel, RowPanel, VariableModel } from "@grafana/schema/dist/types/raw/dashboard/x/types.gen";
import type { Options as Stat } from "@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen";
import type { FieldConfig, Options as TimeSeries } from "@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen";

type Plain<T> = unknown extends T
  ? T
  : T extends string
    ? `${T}`
    : T extends number | boolean | null | undefined
      ? T
      : T extends (infer Each)[]
        ? Plain<Each>[]
        : T extends object
          ? { [Key in keyof T]: Plain<T[Key]> }
          : T;
// Options are completed with their defaults when a dashboard is read.
type Some<T> = T extends (infer Each)[] ? Each[] : T extends object ? { [Key in keyof T]?: Some<T[Key]> } : T;

// What is Prometheus' own of a query is no part of the package.
type Prometheus = { type: "prometheus"; uid: string };
type Query = { refId: string; datasource: Prometheus; expr: string; legendFormat?: string; instant?: boolean; range?: boolean };
type Annotation = Plain<AnnotationQuery> & { expr?: string; step?: string; titleFormat?: string; textFormat?: string };
// Grafana writes it beside `query`.
type Variable = Plain<VariableModel> & { definition?: string };

export type Whole = Plain<Omit<Dashboard, "annotations" | "panels" | "templating">> & {
  annotations: { list: Annotation[] };
  templating: { list: Variable[] };
};
export type Row = Plain<RowPanel>;
type Drawn<Kind extends string, Options, Custom> = Omit<Plain<Panel>, "fieldConfig" | "options" | "targets" | "type"> & {
  type: Kind;
  options: Plain<Some<Options>>;
  targets: Query[];
  fieldConfig: Omit<Plain<Panel>["fieldConfig"] & {}, "defaults"> & {
    defaults: Omit<(Plain<Panel>["fieldConfig"] & {})["defaults"], "custom"> & { custom?: Custom };
  };
};
export type StatPanel = Drawn<"stat", Stat, never>;
export type TimeSeriesPanel = Drawn<"timeseries", TimeSeries, Plain<Some<FieldConfig>>>;
