/** The environment of a candidate: a short list of variables, so that it never contains a token of the job. */

import { isAbsolute, join } from 'node:path';

/** Variables of the machine that training needs and that hold no secrets. */
const MACHINE_VARIABLES = [
  'PATH',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'LD_LIBRARY_PATH',
  'VIRTUAL_ENV',
  'CUDA_HOME',
  'CUDA_VISIBLE_DEVICES',
  'CUDA_DEVICE_ORDER',
  'NVIDIA_VISIBLE_DEVICES',
  'HIP_VISIBLE_DEVICES',
  'OMP_NUM_THREADS',
  'MKL_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'NUMEXPR_NUM_THREADS',
  'RAYON_NUM_THREADS',
  'TOKENIZERS_PARALLELISM',
  'PYTORCH_CUDA_ALLOC_CONF',
  'PYTORCH_ALLOC_CONF',
  'CUBLAS_WORKSPACE_CONFIG',
  'CUDA_LAUNCH_BLOCKING',
  'CUDA_MODULE_LOADING',
  'TORCH_CUDA_ARCH_LIST',
  'NCCL_DEBUG',
  'NCCL_P2P_DISABLE',
  'NCCL_IB_DISABLE',
  'NCCL_SOCKET_IFNAME',
  'XLA_FLAGS',
  'XLA_PYTHON_CLIENT_PREALLOCATE',
  'XLA_PYTHON_CLIENT_MEM_FRACTION',
  'JAX_PLATFORMS',
  'TF_CPP_MIN_LOG_LEVEL',
  'PYTHONHASHSEED',
  'NODE_ENV',
  'HF_HUB_OFFLINE',
  'HF_DATASETS_OFFLINE',
  'TRANSFORMERS_OFFLINE',
  'HF_HUB_DISABLE_TELEMETRY',
  'WANDB_MODE',
  'WANDB_DISABLED',
  'AUTORESEARCH_DATA',
] as const;

/** Variables that name a folder of downloads or of compiled code. They are passed on if the command may read that folder. */
const CACHE_VARIABLES = [
  'XDG_CACHE_HOME',
  'HF_HOME',
  'HF_HUB_CACHE',
  'HUGGINGFACE_HUB_CACHE',
  'HF_DATASETS_CACHE',
  'HF_ASSETS_CACHE',
  'TRANSFORMERS_CACHE',
  'SENTENCE_TRANSFORMERS_HOME',
  'TIKTOKEN_CACHE_DIR',
  'DATA_GYM_CACHE_DIR',
  'TORCH_HOME',
  'TORCH_EXTENSIONS_DIR',
  'TORCHINDUCTOR_CACHE_DIR',
  'TRITON_CACHE_DIR',
  'TFDS_DATA_DIR',
  'KERAS_HOME',
  'NLTK_DATA',
  'KAGGLEHUB_CACHE',
] as const;

/** Programs in the sandbox have no network and cannot change what is installed, so they should not try to. */
const WITHOUT_NETWORK = { UV_OFFLINE: '1', UV_NO_SYNC: '1', UV_PYTHON_DOWNLOADS: 'never' };

/** A password in an address, such as that of a proxy or of a package index. */
const PASSWORD_IN_ADDRESS = /:\/\/[^/\s@]*:[^/\s@]+@/;

export interface TrialEnvironment {
  /** Environment of the process that measures. */
  machine: NodeJS.ProcessEnv;
  /** The trial's own directories. */
  home: string;
  temporary: string;
  seed: number;
  budgetSeconds: number;
  /** Further variables of the machine to pass on, from the contract. */
  names?: readonly string[];
}

/** Picks only the listed variables. */
export function pickMachineVariables(
  machine: NodeJS.ProcessEnv,
  names: readonly string[] = MACHINE_VARIABLES,
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = machine[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

/** The folders that the machine keeps downloads in, by the variable that names them. */
export function cacheFolders(machine: NodeJS.ProcessEnv): Record<string, string> {
  const named = Object.entries(pickMachineVariables(machine, CACHE_VARIABLES));
  return Object.fromEntries(named.filter(([, folder]) => isAbsolute(folder)));
}

/** The complete environment of the candidate's command. Throws an error if a variable that the contract names holds a password. */
export function trialEnvironment(options: TrialEnvironment): Record<string, string> {
  const { HOME: home } = options.machine;
  const named = pickMachineVariables(options.machine, options.names ?? []);
  for (const [name, value] of Object.entries(named))
    if (PASSWORD_IN_ADDRESS.test(value))
      throw new Error(
        `env: the runner's ${name} contains a password, which candidates must not see. Remove ${name} from \`env\` in the contract.`,
      );
  return {
    // The candidate has an empty home, so the data in the machine's home must be named.
    ...(home ? { AUTORESEARCH_DATA: join(home, '.cache', 'autoresearch', 'data') } : {}),
    ...pickMachineVariables(options.machine),
    ...WITHOUT_NETWORK,
    ...named,
    HOME: options.home,
    TMPDIR: options.temporary,
    PYTHONUNBUFFERED: '1',
    AUTORESEARCH_SEED: String(options.seed),
    AUTORESEARCH_BUDGET: String(options.budgetSeconds),
  };
}
