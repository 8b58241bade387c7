/** Version of this software, as records, servers and bundles are told it. */
export const GATEWAY_VERSION = '0.1.0'
