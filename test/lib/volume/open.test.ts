import { openVolume } from '../../../lib/volume/open.ts'
import { volumeContract } from '../../contracts/volume.contract.ts'

volumeContract('a volume in a worker thread', (root) => openVolume({ root }))
