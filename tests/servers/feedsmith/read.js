// Reads the feed at an address and prints it as JSON, in the words of its format.
import {parseFeed} from 'feedsmith'

const answer = await fetch(process.argv[2])
console.log(JSON.stringify({status: answer.status, ...parseFeed(await answer.text())}))
