/** The package declares no types for its single file. */
declare module 'echarts/dist/echarts.esm.min.mjs' {
  export * from 'echarts';
}
