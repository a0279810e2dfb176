import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { volumeContract } from '../../contracts/volume.contract.ts'

volumeContract('a volume in the same thread', (root) => createInlineVolume({ root }))
